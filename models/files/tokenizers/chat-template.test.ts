import { describe, expect, it } from "vitest";
import { type Message, renderChat, renderSpoken } from "./chat-template";
import { openTokenizer } from "./open";
import { tokensWithin } from "./spoken";

const talk: Message[] = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Yes?" },
  { role: "user", content: "No" },
  { role: "assistant", content: "Bye" },
];
const closed = { ending: "closed", variables: {} } as const;
const chatml =
  "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
const written = (template: string, messages = talk) => renderChat(template, messages, closed);
const spokenOf = (template: string, ending: "closed" | "continue" = "closed") => {
  const { text, spoken } = renderSpoken(template, talk, { ...closed, ending });
  return spoken?.map(([start, end]) => text.slice(start, end));
};

describe("a chat template", () => {
  it("ends with a question to the model, or where the last message stops", () => {
    expect(renderChat(chatml, talk.slice(0, 1), { ...closed, ending: "ask" })).toBe("<user>Hi</><assistant>");
    expect(renderChat(chatml, talk.slice(0, 2), { ...closed, ending: "continue" })).toBe("<user>Hi</><assistant>Yes?");
    const parts: Message[] = [{ role: "assistant", content: [{ type: "text", text: "Oh " }, { type: "image" }] }];
    const trimming = "{% for p in messages[0].content %}{% if p.text %}{{ p.text | trim }}{% endif %}{% endfor %}!";
    expect(renderChat(trimming, parts, { ...closed, ending: "continue" })).toBe("Oh");
    expect(() => renderChat("none", talk, { ...closed, ending: "continue" })).toThrow(
      "does not write the last message",
    );
  });

  it("is told the day that the node is told, and none otherwise", () => {
    const template = "{% if strftime_now is defined %}{{ strftime_now('%A, %d %b %Y') }}{% else %}some day{% endif %}";
    expect(written(template)).toBe("some day");
    expect(renderChat(template, talk, { ...closed, date: new Date("2026-02-03") })).toBe("Tuesday, 03 Feb 2026");
  });

  it("tells what the assistant says by its marks, or by what each message adds", () => {
    expect(spokenOf(chatml)).toEqual(["Yes?</>", "Bye</>"]);
    expect(spokenOf(chatml, "continue")).toEqual(["Yes?</>", "Bye"]);
    const marked = `{%- for m in messages -%}
      {{ m.role }}: {% if m.role == "assistant" -%}
        {%- generation -%} {{ m.content }}. {%- endgeneration -%}
      {%- else -%} {{ m.content }} {%- endif %};
    {%- endfor %}`;
    expect(spokenOf(marked)).toEqual(["Yes?.", "Bye."]);
    expect(renderSpoken(marked, talk, closed).text).toBe(written(marked));
  });

  it("cannot tell where it writes earlier messages anew", () => {
    const last =
      "{% for m in messages %}{% if loop.last or m.role == 'user' %}{{ m.content }}{% else %}…{% endif %};{% endfor %}";
    expect(spokenOf(last)).toBeUndefined();
  });

  it.each([
    ["{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "steps"],
    ["{{ range(1000000000) }}", "range() would give 1000000000 numbers"],
    [
      "{% set ns = namespace(a='xxxxxxxx') %}{% for i in range(99) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}",
      "writes more than 16 MiB",
    ],
    [
      "{% set ns = namespace(a=[1, 2]) %}{% for i in range(99) %}{% set ns.a = ns.a + ns.a %}{% endfor %}",
      "makes a list of",
    ],
    ["{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "cannot be applied"],
    [`{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`, "without an end"],
    ["{{ 'a\\nb' | indent(2000000000) }}", "without an end"],
    ["{{ messages.__proto__ }}", "reaches for “__proto__”"],
    ["{{ ''['constructor']['constructor']('return process')() }}", "reaches for “constructor”"],
    ["{{ raise_exception('roles must alternate') }}", "it says “roles must alternate”"],
    ["{% for %}", "cannot be applied"],
    [`{# ${"x".repeat(2 ** 20)} #}`, "has more than 1 MiB"],
  ])("of a stranger is bounded: %s", (template, said) => expect(() => written(template)).toThrow(said));

  it("changes nothing of the program that runs it", () => {
    expect(() => written("{% set messages.__proto__ = {'polluted': true} %}{% set x = messages[0] %}")).toThrow();
    expect(written("{{ messages | length }}", [{ role: "__proto__", content: "constructor" }])).toBe("1");
    expect(written("{{ messages['__pro' ~ 'to__'] }}{{ messages['construc' ~ 'tor']['name'] }}")).toBe("");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("tokens of a part of a text", () => {
  const vocab = Object.fromEntries(["?", "a", "b", "c", "ab"].map((token, id) => [token, id]));
  const model = { type: "BPE", vocab, merges: ["a b"], unk_token: "?" };
  const tokenizer = openTokenizer({ json: { model }, config: {} });
  it("are those that it begins and ends in, too", () => {
    expect(tokensWithin(tokenizer, "cabc", [[1, 3]])).toEqual({ ids: [3, 4, 3], within: [false, true, false] });
    expect(tokensWithin(tokenizer, "cabc", [[2, 4]]).within).toEqual([false, true, true]);
    expect(tokensWithin(tokenizer, "cabc", [[0, 2]]).within).toEqual([true, true, false]);
  });
});
