"use client";

import type { ReactNode } from "react";
import { Choice } from "../_ui/choice";
import { TagsField } from "./tags-field";
import type { PublishWish } from "./wish";

interface AboutFieldsProps {
  wish: PublishWish;
  isNew: boolean;
  onChange(part: Partial<PublishWish>): void;
}

const licences = ["MIT", "Apache-2.0", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0"];

/** Title, text, tags and licence, and who finds it. */
export function AboutFields({ wish, isNew, onChange }: AboutFieldsProps) {
  return (
    <section className="grid gap-3 sm:grid-cols-2" aria-label="What it is">
      <Labelled label="Title" wide>
        <input
          className="field"
          value={wish.title}
          maxLength={200}
          onChange={(event) => onChange({ title: event.target.value })}
        />
      </Labelled>
      <Labelled label="Text" wide>
        <textarea
          className="field field-sizing-content min-h-16 resize-none"
          value={wish.text}
          maxLength={5000}
          placeholder="What it does, and what one sees after a run. Markdown."
          onChange={(event) => onChange({ text: event.target.value })}
        />
      </Labelled>
      <TagsField tags={wish.tags} onChange={(tags) => onChange({ tags })} />
      <Labelled label="Licence">
        <input
          className="field"
          list="licences"
          value={wish.licence}
          maxLength={100}
          placeholder="MIT"
          onChange={(event) => onChange({ licence: event.target.value })}
        />
        <datalist id="licences">
          {licences.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </Labelled>
      {!isNew && (
        <Labelled label="What is new" wide>
          <input
            className="field"
            value={wish.changes}
            maxLength={2000}
            placeholder="Shown to those who have graphs of it"
            onChange={(event) => onChange({ changes: event.target.value })}
          />
        </Labelled>
      )}
      <div className="flex items-center gap-3 sm:col-span-2">
        <span className="font-medium text-ink-2">Found by</span>
        <Choice
          label="Found by"
          options={{ team: "My team", everyone: "Everyone here" }}
          value={wish.visibility}
          onChange={(visibility) => onChange({ visibility })}
        />
      </div>
    </section>
  );
}

function Labelled({ label, wide, children }: { label: string; wide?: boolean; children: ReactNode }) {
  return (
    <label className={wide ? "block sm:col-span-2" : "block"}>
      <span className="mb-1 block font-medium text-ink-2">{label}</span>
      {children}
    </label>
  );
}
