import { Maximize2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Ports } from "#nodes/core/ports";
import type { Preview } from "#nodes/core/preview";
import { cx } from "../../_ui/cx";
import { LazyChart } from "../../_ui/lazy-chart";
import { LazyPreview } from "../previews/lazy";
import type { Metrics, NodeRun } from "../run-state";

const PreviewWindow = lazy(async () => ({ default: (await import("../preview-window")).PreviewWindow }));

interface NodePreviewsProps {
  id: string;
  run: NodeRun;
  title: string;
  ports: Ports;
}

/** What a node gave, below its ports; while it trains, its curve. */
export function NodePreviews({ id, run, title, ports }: NodePreviewsProps) {
  const [isOpen, setOpen] = useState(false);
  if (run.status === "running" && run.metrics && run.metrics.steps.length > 1) return <Curve metrics={run.metrics} />;
  const shown = mostTelling(Object.entries(run.previews ?? {}));
  if (!shown.size) return null;
  const isPending = run.status === "waiting" || run.status === "running";
  const isOld = isPending && !run.streams;
  return (
    <div className={`group/preview relative border-t border-line p-2 ${isOld ? "opacity-45" : ""}`}>
      {[...shown].map(([name, preview]) => (
        <LazyPreview key={name} {...{ name, preview }} port={ports[name]} isGrowing={isPending && run.streams} />
      ))}
      <button
        type="button"
        aria-label={`Enlarge the previews of ${title}`}
        onClick={() => setOpen(true)}
        className={cx(
          "nodrag absolute top-1 right-1 rounded-md border border-line bg-raised p-1 text-ink-2 opacity-0 shadow",
          "group-hover/preview:opacity-100 hover:text-ink focus:opacity-100",
        )}
      >
        <Maximize2 className="size-3.5" aria-hidden />
      </button>
      {isOpen && (
        <Suspense>
          <PreviewWindow {...{ id, title, ports }} previews={run.previews ?? {}} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** A node shows its most telling output and a few numbers; the window shows all. Of equals the first is taken. */
function mostTelling(all: [string, Preview][]): Map<string, Preview> {
  const numbers = all.filter(([, preview]) => preview.type === "number");
  const first = all[0];
  if (!first || numbers.length === all.length) return new Map(all);
  const dull: readonly Preview["type"][] = ["text", "tensor", "number", "weights"];
  const picture = all.find(([, preview]) => !dull.includes(preview.type)) ?? first;
  return new Map([picture, ...numbers.slice(0, 4)]);
}

/** The first line of a training's curve, usually its loss. */
function Curve({ metrics }: { metrics: Metrics }) {
  const lines = Object.entries(metrics.values)
    .slice(0, 1)
    .map(([name, values]) => ({ name, values }));
  return (
    <div className="border-t border-line p-2">
      <LazyChart label="step" x={metrics.steps} lines={lines} height={120} />
    </div>
  );
}
