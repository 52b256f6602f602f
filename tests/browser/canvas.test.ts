import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { browser, product, withBrowser } from "../kit/browser";
import {
  atRest,
  chooseNodes,
  dragBetween,
  hasParts,
  hears,
  middleOf,
  openCanvas,
  savedGraph,
  wiresOf,
} from "../kit/canvas";
import { graph } from "../kit/graphs";
import { createGraph, openPage } from "../kit/product";

withBrowser();

/** Pictures that are made smaller twice; three wires. */
function small(): GraphDocument {
  const document = graph(
    {
      data: ["data.emoji", { vendors: ["fluent"], limit: 8 }],
      resize: ["image.resize", { width: 48, height: 48 }],
      again: ["image.resize", { width: 24, height: 24 }],
      normalize: ["image.normalize"],
      spare: ["image.augment"],
    },
    ["data.image -> resize.image", "data.image -> again.image", "resize.image -> normalize.image"],
  );
  const places = { data: [0, 0], resize: [560, 0], again: [560, 220], normalize: [1000, 0], spare: [0, 320] };
  for (const [id, [x, y]] of Object.entries(places))
    Object.assign(document.nodes[id] as object, { position: { x, y } });
  return document;
}

async function openSmall(change: (document: GraphDocument) => void = () => {}) {
  const document = small();
  change(document);
  const { page, errors } = await openPage(browser);
  await openCanvas(page, await createGraph(product.url, document));
  return { page, errors };
}

const output = (port: string) => `[aria-label="output ${port}"]`;
const input = (port: string) => `[aria-label="input ${port}"]`;

/** A place on a wire, on the screen. */
async function placeOnWire(page: Awaited<ReturnType<typeof openSmall>>["page"], wire: string, share = 0.5) {
  return page.evaluate(
    ([id, part]) => {
      const path = document.querySelector<SVGPathElement>(`.react-flow__edge[data-id="${id}"] .react-flow__edge-path`);
      const matrix = path?.getScreenCTM();
      if (!path || !matrix) throw new Error(`There is no wire ${id}`);
      const { x, y } = path.getPointAtLength(path.getTotalLength() * part).matrixTransform(matrix);
      return { x, y };
    },
    [wire, share] as const,
  );
}

describe("frames and notes", () => {
  it("are drawn around nodes, renamed with F2, carry them, are shut with their wires, and opened again", async () => {
    const { page, errors } = await openSmall();
    await chooseNodes(page, "resize", "again");
    await page.keyboard.press("Control+g");
    await hears(page, "Put into a frame.");
    await page.keyboard.press("F2");
    await page.keyboard.type("Smaller");
    await page.keyboard.press("Enter");
    await page.waitForSelector('section[aria-label="Frame Smaller"]');
    await page.click(".react-flow__pane", { position: { x: 20, y: 300 } });
    const before = (await savedGraph(page)).nodes.resize?.position;
    const bar = await page.locator('section[aria-label="Frame Smaller"]').boundingBox();
    if (!bar) throw new Error("the frame is not on the screen");
    const grip = { x: bar.x + bar.width - 30, y: bar.y + 14 };
    await dragBetween(page, grip, { x: grip.x, y: grip.y + 80 });
    await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
    const moved = await savedGraph(page);
    expect(moved.nodes.resize?.position.y).toBeGreaterThan((before?.y ?? 0) + 40);
    expect(moved.nodes.resize?.frame).toBe(moved.nodes.again?.frame);

    await page.click('[aria-label="Shut the frame Smaller"]');
    await hasParts(page, 3, 3);
    const at = await placeOnWire(page, "resize.image → normalize.image");
    await page.mouse.click(at.x, at.y);
    await page.keyboard.press("Delete");
    await hears(page, "1 wire.");
    await hasParts(page, 3, 2);
    await page.click('[aria-label="Open the frame Smaller"]');
    await hasParts(page, 5, 2);
    for (let step = 0; step < 3; step++) await page.keyboard.press("Control+z");
    await hasParts(page, 5, 3);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("are read as Markdown, of which nothing is fetched, and of which HTML stays text", async () => {
    const asked: string[] = [];
    const { page, errors } = await openSmall((document) => {
      document.notes = {
        note: {
          text: "# Title\n\n**bold** ![far](http://far.invalid/x.png) <img src=http://far.invalid/y.png>",
          position: { x: 0, y: -300 },
          size: { width: 300, height: 160 },
        },
      };
    });
    page.on("request", (request) => asked.push(request.url()));
    await page.waitForSelector('section[aria-label="Note"] strong');
    expect(await page.textContent('section[aria-label="Note"] h1')).toBe("Title");
    expect(await page.locator('section[aria-label="Note"] img').count()).toBe(0);
    expect(await page.textContent('section[aria-label="Note"]')).toContain("<img src=");
    expect(asked.filter((url) => url.includes("far.invalid"))).toEqual([]);
    await page.click('section[aria-label="Note"] h1');
    await page.fill('aside[aria-label="Inspector"] textarea', "_new_");
    await page.keyboard.press("Escape");
    await page.click(".react-flow__pane", { position: { x: 20, y: 300 } });
    await page.waitForSelector('section[aria-label="Note"] em');
    expect((await savedGraph(page)).notes?.note?.text).toBe("_new_");
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("wires", () => {
  it("are bent by a double click, and straight again when the bend is taken away", async () => {
    const { page } = await openSmall();
    const wire = "resize.image → normalize.image";
    const at = await placeOnWire(page, wire);
    await page.mouse.dblclick(at.x, at.y);
    const bend = page.getByRole("button", { name: "Bend of the wire" });
    await bend.waitFor();
    expect((await savedGraph(page)).wires.filter(({ via }) => via)).toHaveLength(1);
    await bend.focus();
    await page.keyboard.press("Delete");
    await bend.waitFor({ state: "detached" });
    await hasParts(page, 5, 3);
    expect((await savedGraph(page)).wires.filter(({ via }) => via)).toEqual([]);
    await page.close();
  });

  it("are plugged anew at both ends, one step of undo each; a mere click on an end takes nothing away", async () => {
    const { page } = await openSmall();
    const end = await middleOf(page, input("normalize.image"));
    await page.mouse.click(end.x - 9, end.y);
    await hasParts(page, 5, 3);
    await dragBetween(page, { x: end.x - 9, y: end.y }, await middleOf(page, input("spare.image")));
    await hears(page, "The wire is plugged anew.");
    expect(wiresOf(await savedGraph(page))).toContain("resize.image -> spare.image");
    const start = await middleOf(page, output("resize.image"));
    await dragBetween(page, { x: start.x + 9, y: start.y }, await middleOf(page, output("again.image")));
    await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
    expect(wiresOf(await savedGraph(page))).toContain("again.image -> spare.image");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await page.waitForSelector('.react-flow__edge[data-id="resize.image → normalize.image"]', { state: "attached" });
    await page.close();
  });

  it("of an output move all at once with Shift", async () => {
    const { page } = await openSmall((document) => {
      document.nodes.other = { ...(document.nodes.data as object), position: { x: 0, y: -320 } } as never;
    });
    await dragBetween(page, await middleOf(page, output("data.image")), await middleOf(page, output("other.image")), [
      "Shift",
    ]);
    await hears(page, "2 wires are moved.");
    expect(wiresOf(await savedGraph(page)).filter((wire) => wire.startsWith("other.image"))).toHaveLength(2);
    await page.close();
  });

  it("let go over nothing ask which node, of several ports which one, and the chip can be taken away", async () => {
    const { page } = await openSmall();
    const from = await middleOf(page, output("data.name"));
    await dragBetween(page, from, { x: from.x + 120, y: from.y + 160 });
    await page.waitForSelector("[data-chip]");
    expect(await page.textContent("[data-chip]")).toContain("takes text");
    await page.keyboard.type("zero-shot classifier");
    await page.waitForSelector('[cmdk-item][data-value="eval.zero-shot-classifier"]');
    await page.keyboard.press("Enter");
    await page.waitForSelector('[placeholder="Which port?"]');
    const ports = await page.locator("[cmdk-item]").allTextContents();
    expect(ports).toEqual(expect.arrayContaining(["labels", "truth"]));
    await page.keyboard.type("truth");
    await page.keyboard.press("Enter");
    await hasParts(page, 6, 4);
    expect(wiresOf(await savedGraph(page)).some((wire) => /^data\.name -> .*\.truth$/.test(wire))).toBe(true);

    await dragBetween(page, from, { x: from.x + 120, y: from.y + 160 });
    await page.click("[data-chip]");
    await page.waitForSelector("[data-chip]", { state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.getAttribute("placeholder"))).toBe("Add a node");
    await page.keyboard.type("load tokenizer");
    await page.keyboard.press("Enter");
    await hasParts(page, 7, 4);
    await page.close();
  });

  it("are drawn, deleted and given a node by a list, without a pointer", async () => {
    const { page } = await openSmall();
    await chooseNodes(page, "spare");
    await page.keyboard.press("c");
    await page.waitForSelector("[data-connect]");
    await page.keyboard.type("input image");
    await page.keyboard.press("Enter");
    await page.keyboard.type("resize)");
    await page.waitForSelector('[cmdk-item]:has-text("(resize)")');
    await page.keyboard.press("Enter");
    await hears(page, "Wired: resize.image to spare.image.");
    await hasParts(page, 5, 4);
    await page.keyboard.press("c");
    await page.keyboard.type("input image");
    await page.keyboard.press("Enter");
    await page.keyboard.type("delete");
    await page.keyboard.press("Enter");
    await hears(page, "Wire deleted: resize.image to spare.image.");
    await hasParts(page, 5, 3);
    await chooseNodes(page, "resize");
    await page.keyboard.press("c");
    await page.keyboard.type("output image");
    await page.keyboard.press("Enter");
    await page.keyboard.type("put a node");
    await page.waitForSelector('[cmdk-item][aria-selected=true]:has-text("Put a node into the wire")');
    await page.keyboard.press("Enter");
    await page.waitForSelector('[cmdk-item]:has-text("Augment")');
    await page.keyboard.type("augment");
    await page.keyboard.press("Enter");
    await hasParts(page, 6, 4);
    expect(wiresOf(await savedGraph(page))).toContain("resize.image -> augment.image");
    await page.close();
  });

  it("are hidden except those of the chosen node, and say their shapes under the pointer or always", async () => {
    const { page } = await openSmall(({ nodes, wires }) => {
      Object.assign(nodes.spare as object, { position: { x: 560, y: 440 } });
      wires.push({ from: { node: "data", port: "name" }, to: { node: "spare", port: "image" } });
    });
    const command = async (name: string) => {
      await page.keyboard.press("Control+k");
      await page.waitForSelector("[cmdk-input]");
      await page.keyboard.type(name);
      await page.keyboard.press("Enter");
    };
    const at = await placeOnWire(page, "resize.image → normalize.image");
    await page.mouse.move(at.x, at.y);
    await page.waitForSelector("[data-wire-shape]");
    expect(await page.locator("[data-wire-shape]").count()).toBe(1);
    // One that does not fit says why, and its shape when the pointer has left it.
    const wrong = await placeOnWire(page, "data.name → spare.image", 0.6);
    await page.mouse.move(wrong.x, wrong.y);
    await page.waitForSelector("[data-wire-reason]");
    expect(await page.textContent("[data-wire-reason]")).toMatch(/text.*image|image.*text/s);
    await page.mouse.move(5, 400);
    await command("say the shapes");
    await page.waitForFunction(() => document.querySelectorAll("[data-wire-shape]").length === 4);
    await command("hide or show the wires");
    await page.waitForSelector('[data-wires="hidden"]');
    const isSeen = (wire: string) => page.isVisible(`.react-flow__edge[data-id="${wire}"] .react-flow__edge-path`);
    await chooseNodes(page, "again");
    await page.waitForSelector(".wire-chosen", { state: "attached" });
    expect(await isSeen("data.image → again.image")).toBe(true);
    expect(await isSeen("resize.image → normalize.image")).toBe(false);
    await page.close();
  });
});

describe("nodes", () => {
  it("are copied by a drag with Alt, and stay where they were", async () => {
    const { page } = await openSmall();
    const title = await middleOf(page, '[data-node="spare"] > div >> nth=0');
    const before = await savedGraph(page);
    await dragBetween(page, title, { x: title.x + 160, y: title.y + 120 }, ["Alt"]);
    await hasParts(page, 6, 3);
    await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
    const now = await savedGraph(page);
    expect(now.nodes.spare?.position).toEqual(before.nodes.spare?.position);
    expect(Object.keys(now.nodes)).toHaveLength(6);
    await page.keyboard.press("Control+z");
    await hasParts(page, 5, 3);
    await page.close();
  });

  it("are drawn into line with another while they are dragged, by a guide, and rest there", async () => {
    const { page } = await openSmall((document) => {
      Object.assign(document.nodes.again as object, { position: { x: 587, y: 220 } }); // on no grid
    });
    const bar = (node: string) => middleOf(page, `[data-node="${node}"] > div >> nth=0`);
    const { x, y } = await bar("spare");
    const { x: line } = await bar("again");
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(line, y + 60, { steps: 12 });
    const behind = line - (await bar("spare")).x; // of the pointer, since the drag began with its first step
    await page.mouse.move(line + behind + 2, y + 60);
    await page.waitForSelector('[data-guide="x"]', { state: "attached" });
    await page.mouse.up();
    await page.waitForSelector("[data-guide]", { state: "detached" });
    await page.waitForSelector("[data-saved=unsaved], [data-saved=saving]");
    expect((await savedGraph(page)).nodes.spare?.position.x).toBe(587);
    await page.close();
  });

  it("are put into the wire that they are let go on; what follows stays where there is room", async () => {
    const { page } = await openSmall();
    const before = (await savedGraph(page)).nodes.resize?.position;
    const title = await middleOf(page, '[data-node="spare"] > div >> nth=0');
    await dragBetween(page, title, await placeOnWire(page, "data.image → resize.image"));
    await hears(page, "Put into the wire.");
    const now = await savedGraph(page);
    expect(wiresOf(now)).toEqual(expect.arrayContaining(["data.image -> spare.image", "spare.image -> resize.image"]));
    expect(wiresOf(now)).not.toContain("data.image -> resize.image");
    expect(now.nodes.resize?.position).toEqual(before);
    await page.close();
  });

  it("push what follows by the room that is missing, where one is put in by the wire's own button", async () => {
    const { page } = await openSmall((document) => {
      Object.assign(document.nodes.normalize as object, { position: { x: 860, y: 0 } });
    });
    const at = await placeOnWire(page, "resize.image → normalize.image");
    await page.mouse.move(at.x, at.y);
    await page.click('[aria-label="Put a node into this wire"]');
    await page.waitForSelector("[cmdk-input]");
    await page.keyboard.type("augment");
    await page.waitForSelector('[cmdk-item][data-value="image.augment"]');
    await page.keyboard.press("Enter");
    await hasParts(page, 6, 4);
    await atRest(page);
    const { nodes } = await savedGraph(page);
    const added = Object.entries(nodes).find(([id, { type }]) => type === "image.augment" && id !== "spare")?.[1];
    expect(nodes.normalize?.position.x).toBeGreaterThanOrEqual((added?.position.x ?? 0) + 240);
    expect(nodes.resize?.position).toEqual({ x: 560, y: 0 });
    await page.close();
  });

  it("are deleted and healed around with Ctrl, and cut out without", async () => {
    const { page } = await openSmall();
    await chooseNodes(page, "resize");
    await page.keyboard.press("Control+Delete");
    await hears(page, "Healed: 1 wire.");
    await hasParts(page, 4, 2);
    expect(wiresOf(await savedGraph(page))).toContain("data.image -> normalize.image");
    await page.keyboard.press("Control+z");
    await hasParts(page, 5, 3);
    await chooseNodes(page, "resize");
    await page.keyboard.press("Delete");
    await hasParts(page, 4, 1);
    await page.close();
  });
});

describe("undo", () => {
  it("takes each command back in one step, and does it again, to the very node and wire", async () => {
    const { page } = await openSmall();
    const acts: [act: () => Promise<void>, nodes: number, wires: number][] = [
      [async () => page.keyboard.press("Delete"), 4, 1],
      [async () => page.keyboard.press("Control+d"), 6, 3],
      [async () => page.keyboard.press("Control+x"), 4, 1],
      [
        async () => {
          await page.click('[data-node="resize"] > div >> nth=0', { button: "right" });
          await page.click('[role="menuitem"]:has-text("Delete") >> nth=0');
        },
        4,
        1,
      ],
      [
        async () => {
          await page.keyboard.press("Control+a");
          await page.keyboard.press("Delete");
        },
        0,
        0,
      ],
    ];
    for (const [act, nodes, wires] of acts) {
      await chooseNodes(page, "resize");
      await act();
      await hasParts(page, nodes, wires);
      await page.keyboard.press("Control+z");
      await hasParts(page, 5, 3);
      await page.keyboard.press("Control+y");
      await hasParts(page, nodes, wires);
      await page.keyboard.press("Control+z");
      await hasParts(page, 5, 3);
    }
    await page.close();
  });

  it("counts collapsing and bypassing as two, no view at all, and leaves the view where it was", async () => {
    const { page } = await openSmall();
    await chooseNodes(page, "resize");
    await page.keyboard.press("Alt+c");
    await page.keyboard.press("Control+b");
    await hears(page, "Bypassed.");
    await page.keyboard.press("+");
    await atRest(page);
    const view = () => page.getAttribute(".react-flow__viewport", "style");
    const before = await view();
    await page.keyboard.press("Control+z");
    await page.waitForFunction(() => !document.querySelector('[data-node="resize"]')?.className.includes("dashed"));
    expect((await savedGraph(page)).nodes.resize).toMatchObject({ collapsed: true });
    await page.keyboard.press("Control+z");
    await hears(page, "Undone.");
    await page.waitForSelector(`${input("resize.image")} + span`);
    const now = (await savedGraph(page)).nodes.resize;
    expect(now?.collapsed).toBeUndefined();
    expect(now?.off).toBeUndefined();
    expect(await view()).toBe(before);
    await page.close();
  });

  it("does nothing to the graph while a dialog is open", async () => {
    const { page } = await openSmall();
    await chooseNodes(page, "spare");
    await page.keyboard.press("Delete");
    await hasParts(page, 4, 3);
    await page.keyboard.press("?");
    await page.waitForSelector('[role="dialog"]');
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Escape");
    await page.waitForSelector('[role="dialog"]', { state: "detached" });
    await hasParts(page, 4, 3);
    await page.close();
  });
});

describe("copy and paste", () => {
  it("double the graph in one step, concern the text alone in a field, and take a whole exported graph", async () => {
    const { page } = await openSmall();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+c");
    await page.keyboard.press("Control+v");
    await hasParts(page, 10, 6);
    await page.keyboard.press("Control+z");
    await hasParts(page, 5, 3);
    const description = page.locator('aside[aria-label="Inspector"] textarea');
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await description.fill("words");
    await description.press("Control+a");
    await description.press("Control+c");
    await description.press("Control+v");
    await description.press("Control+v");
    expect(await description.inputValue()).toBe("wordswords");
    await hasParts(page, 5, 3);
    await page.click(".react-flow__pane", { position: { x: 20, y: 300 } });
    const old = JSON.stringify({ ...small(), schema: 1 });
    await page.evaluate((text) => {
      const carried = new DataTransfer();
      carried.setData("text/plain", text);
      window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }));
    }, old);
    await page.click("text=Put it into this graph");
    await hasParts(page, 10, 6);
    await page.close();
  });
});
