"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../_trpc/client";
import { mostFrequent } from "../_ui/most-frequent";
import { tagsIn } from "./wish";

interface TagsFieldProps {
  /** As they are typed, with commas. */
  tags: string;
  onChange(tags: string): void;
}

const mostOffered = 6;

/** Tags, typed or chosen of those that were published here already. */
export function TagsField({ tags, onChange }: TagsFieldProps) {
  const { data } = useQuery(useTRPC().templates.list.queryOptions());
  const given = tagsIn(tags);
  const known = mostFrequent(data?.published.flatMap((template) => template.tags) ?? []);
  const others = known.filter((tag) => !given.includes(tag));
  return (
    <div>
      <label className="block">
        <span className="mb-1 block font-medium text-ink-2">Tags</span>
        <input
          className="field"
          value={tags}
          placeholder="CLIP, zero-shot"
          maxLength={400}
          onChange={(event) => onChange(event.target.value)}
        />
      </label>
      {others.length > 0 && (
        <div className="mt-1 flex flex-wrap gap-1">
          {others.slice(0, mostOffered).map((tag) => (
            <button
              key={tag}
              type="button"
              aria-label={`Tag it ${tag}`}
              className="rounded-full bg-sunken px-2 py-0.5 text-xs text-ink-2 hover:text-ink"
              onClick={() => onChange([...given, tag].join(", "))}
            >
              {tag}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
