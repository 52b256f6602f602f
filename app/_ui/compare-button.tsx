"use client";

import { GitCompareArrows } from "lucide-react";
import { useRouter } from "next/navigation";
import { Button } from "./button";

const most = 50;

/** Opens the chosen runs side by side; says how many it takes. */
export function CompareButton({ ids }: { ids: ReadonlySet<string> }) {
  const router = useRouter();
  if (!ids.size) return null;
  return (
    <Button
      disabled={ids.size < 2 || ids.size > most}
      onClick={() => router.push(`/runs/compare?ids=${[...ids].join(",")}`)}
    >
      <GitCompareArrows className="size-4" aria-hidden />
      {textFor(ids.size)}
    </Button>
  );
}

function textFor(count: number): string {
  if (count < 2) return "Choose another run to compare";
  return count > most ? `Choose up to ${most} runs` : `Compare ${count} runs`;
}
