/** Values that are not of the type that is asked for. */
import { type Case, json, type Known, runWith } from "./case";

const notTexts = [null, true, 7, [], {}, [["x"]], { $: "nothing" }];
const notVersions = [null, true, 0, -1, 1.5, 1e300, [], {}, ["1"], ""];
const notTables = [null, true, 7, "x", [], [["in.text", "x"]]];
const notLists = [null, true, 7, "in.text", {}, [], [1], [null], [""], ["in"], [["in.text"]]];

export function wrongTypeCases(known: Known): Case[] {
  const path = `/api/v1/graphs/${known.graph}/runs`;
  const bodies = ["", "{", "[]", "null", "7", '"x"', "{'a':1}", "{}{}", "\u0000", "NaN", '{"a":undefined}', "<a/>"];
  const kinds = ["text/plain", "text/html", "application/xml", "application/x-www-form-urlencoded", "image/png", "x"];
  return [
    ...notTexts.map((value) => runWith(known, `text ${JSON.stringify(value)}`, { parameters: { "in.text": value } })),
    ...notVersions.map((version) => runWith(known, `version ${version}`, { version }, [400, 404])),
    ...notTables.map((parameters) => runWith(known, `parameters ${JSON.stringify(parameters)}`, { parameters })),
    ...notLists.map((outputs) => runWith(known, `outputs ${JSON.stringify(outputs)}`, { outputs })),
    ...["unknown", "__proto__", "constructor", "wait", "document", "graphId"].map((name) =>
      runWith(known, `field ${name}`, `{"${name}":{"a":1}}`),
    ),
    ...["__proto__.x", "constructor.x", "in.__proto__", "in.constructor", "$.x", "$.__proto__", ".", "in", ""].map(
      (name) => runWith(known, `parameter ${name}`, `{"parameters":{"${name}":1}}`),
    ),
    // An empty body asks for a run with nothing set, and is one.
    ...bodies.slice(1).map((body) => runWith(known, `body ${JSON.stringify(body)}`, body, [400])),
    ...kinds.map(
      (kind): Case => ({
        name: `kind ${kind}`,
        method: "POST",
        path,
        headers: { "content-type": kind },
        body: "a=b",
        expected: [400, 415],
      }),
    ),
    {
      name: "no boundary",
      method: "POST",
      path,
      headers: { "content-type": "multipart/form-data" },
      body: "x",
      expected: [400],
    },
    ...["PATCH", "PUT", "OPTIONS", "DELETE"].map(
      (method): Case => ({
        name: `${method} runs`,
        method,
        path,
        headers: json,
        body: "{}",
        expected: [204, 400, 404, 405],
      }),
    ),
    ...["data:,x", "javascript:alert(1)", "file:///etc/passwd", "gopher://x", "x", "", "http://", "http://a@b/"].map(
      (url): Case => ({
        name: `webhook ${url}`,
        method: "POST",
        path: `/api/v1/graphs/${known.graph}/webhooks`,
        headers: json,
        body: JSON.stringify({ url }),
        expected: [400, 422],
      }),
    ),
  ];
}
