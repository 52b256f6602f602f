import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readTemplate } from "#server/templates";
import { emoji } from "#nodes/data/emoji";
import { factsOf, groups, usualDrawings } from "./template-facts";

const ids = readdirSync("nodes/templates").map((file) => file.replace(".json", ""));

describe("what a template's card says", () => {
  it.each(ids)("%s has a group, and nothing twice", async (id) => {
    const document = await readTemplate(id);
    if (!document) throw new Error(id);
    const { group, tags, needs } = factsOf(document);
    expect(groups).toContain(group);
    expect(new Set(tags).size).toBe(tags.length);
    expect(new Set(needs).size).toBe(needs.length);
  });

  it("puts systems that train together by how they do", async () => {
    const byGroup = {
      Contrastive: ["clip-vit-train", "clip-resnet-train", "align-train"],
      Fusion: ["albef-pretrain", "albef-retrieval", "vilt", "vlmo"],
      Masked: ["mae-pretrain"],
      Generative: ["blip-pretrain", "blip-capfilt"],
    };
    for (const [group, templates] of Object.entries(byGroup)) {
      for (const id of templates) expect(factsOf((await readTemplate(id)) as never).group, id).toBe(group);
    }
  });

  it("tells what trains, what writes, and what needs a model", async () => {
    const of = async (id: string) => factsOf((await readTemplate(id)) as never);
    expect(await of("clip-train-emoji")).toMatchObject({ group: "Contrastive", needs: [] });
    expect((await of("ask-about-my-picture")).needs).toEqual(["a download of smollm2"]);
    expect((await of("clip-train-emoji")).tags).toContain("trains");
    expect((await of("chat-with-a-language-model")).group).toBe("Language");
    expect((await of("chat-with-a-language-model")).needs).toEqual(["a model, such as SmolLM2-135M-Instruct"]);
  });

  it("says the licence of the drawings besides that of the graph", async () => {
    const of = async (id: string) => factsOf((await readTemplate(id)) as never).licence;
    expect(await of("clip-train-emoji")).toBe("MIT; drawings CC BY-SA 4.0, Apache 2.0, CC BY 4.0");
    expect(await of("chat-with-a-language-model")).toBe("MIT");
    expect(emoji.params.vendors.parse(undefined)).toEqual(usualDrawings);
  });
});
