/** Who answers calls of served graphs: the process that serves, in itself. Nobody does in any other. */
import { type AnswerCall, Busy, type Call, type Ended } from "../serving/calls";
import { Refusal } from "./problem";

let answerCall: AnswerCall | undefined;

/** From here on calls are answered in this process. */
export function answerCallsBy(answer: AnswerCall): void {
  answerCall = answer;
}

/** Asks for an answer. Refused with 429 where there is too much to do, with 503 where nobody answers. */
export async function callServed(call: Call, gone: AbortSignal): Promise<Ended> {
  if (!answerCall) throw isAway();
  try {
    return await answerCall(call, gone);
  } catch (error) {
    throw error instanceof Busy ? tooBusy(error.seconds) : error;
  }
}

function tooBusy(seconds: number): Refusal {
  const public_ = { message: "More calls wait than can be answered soon.", hint: `Ask again in ${seconds} s.` };
  return new Refusal(429, public_, { "Retry-After": String(seconds) });
}

// The web process hands calls over before it looks at them: whoever gets here came while the other one was away.
const isAway = (): Refusal =>
  new Refusal(
    503,
    { message: "The process that serves graphs does not answer.", hint: "Try again: it is started again by itself." },
    { "Retry-After": "1" },
  );
