"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { type Outputs, useTRPC, useTRPCClient } from "../_trpc/client";
import { shortNumber } from "../_ui/amounts";
import { Button } from "../_ui/button";
import { Checkbox } from "../_ui/checkbox";
import { askedBy } from "../_ui/queue/asked-by";
import { Window } from "../_ui/window";
import { complain } from "./saving";

type KeptTraining = Outputs["runs"]["trainings"][number];

/** What can be made of a run that has ended: the same again, or more of its trainings. */
export function RunAgain({ id, hasGraph }: { id: string; hasGraph: boolean }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const router = useRouter();
  const [going, setGoing] = useState<KeptTraining>();
  const trainings = useQuery(trpc.runs.trainings.queryOptions({ id })).data ?? [];
  async function show(run: Promise<{ id: string }>): Promise<void> {
    try {
      router.push(`/runs/${(await run).id}`);
    } catch (error) {
      complain(error);
    }
  }
  const again = (today: boolean) => void show(client.runs.again.mutate({ id, today, askedBy: askedBy() }));
  return (
    <div className="mt-3 flex flex-wrap gap-1.5 border-t border-line pt-3" data-run-again>
      <Button size="s" onClick={() => again(false)} title="The same snapshot and the same targets">
        Run again as it was
      </Button>
      {hasGraph && (
        <Button size="s" onClick={() => again(true)}>
          With today’s graph
        </Button>
      )}
      {trainings.map((training) => (
        <Button key={training.node} size="s" onClick={() => setGoing(training)}>
          Continue {training.title}…
        </Button>
      ))}
      {going && (
        <ContinueWindow
          training={going}
          hasGraph={hasGraph}
          onClose={() => setGoing(undefined)}
          onGo={(asked) => void show(client.runs.goOn.mutate({ id, node: going.node, ...asked, askedBy: askedBy() }))}
        />
      )}
    </div>
  );
}

interface Asked {
  step: number;
  until: number;
  today: boolean;
}

interface ContinueWindowProps {
  training: KeptTraining;
  hasGraph: boolean;
  onGo(asked: Asked): void;
  onClose(): void;
}

/** From which checkpoint a training goes on, until which step, and with which graph. */
function ContinueWindow({ training, hasGraph, onGo, onClose }: ContinueWindowProps) {
  const { checkpoints, steps, title } = training;
  const last = checkpoints[0]?.step ?? 1;
  const [asked, setAsked] = useState<Asked>({ step: last, until: untilAtFirst(last, steps), today: false });
  const more = asked.until - asked.step;
  const footer = (
    <>
      <span className="text-xs text-ink-2">
        {more > 0 ? `${more.toLocaleString()} more steps` : "It has taken so many steps already."}
      </span>
      <Button look="primary" className="ml-auto" disabled={!(more > 0)} onClick={() => onGo(asked)}>
        Continue
      </Button>
    </>
  );
  return (
    <Window title={`Continue ${title}`} width={460} footer={footer} onClose={onClose}>
      <fieldset>
        <legend className="mb-1 text-xs text-ink-2">From the checkpoint at</legend>
        {checkpoints.map(({ step, best, loss }) => (
          <label key={step} className="flex items-center gap-2 rounded-md px-1.5 py-1 hover:bg-sunken">
            <input
              type="radio"
              name="checkpoint"
              className="accent-[var(--accent)]"
              checked={asked.step === step}
              onChange={() => setAsked({ ...asked, step })}
            />
            <span className="tabular-nums">step {step.toLocaleString()}</span>
            {best && <span className="rounded-full bg-accent-soft px-2 text-xs text-accent">best</span>}
            {loss !== undefined && <span className="ml-auto text-ink-2 tabular-nums">loss {shortNumber(loss)}</span>}
          </label>
        ))}
      </fieldset>
      <label className="mt-3 block text-xs text-ink-2">
        Until step
        <input
          type="number"
          min={asked.step + 1}
          className="field mt-1"
          value={asked.until}
          onChange={(event) => setAsked({ ...asked, until: Number(event.target.value) })}
        />
      </label>
      {hasGraph && (
        <Checkbox
          label="With what the graph is today, instead of with what it was"
          className="mt-3"
          checked={asked.today}
          onChange={(today) => setAsked({ ...asked, today })}
        />
      )}
      <p className="mt-3 text-xs text-ink-3">
        Parameters, optimizer, averages and the position in the data go on as they were. A schedule that falls to the
        end is that of the longer training.
      </p>
    </Window>
  );
}

/** What is left of a training that was stopped; of one that was not, as much again. */
function untilAtFirst(last: number, steps: number | undefined): number {
  return steps !== undefined && steps > last ? steps : 2 * last;
}
