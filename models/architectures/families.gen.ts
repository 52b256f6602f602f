// Written by scripts/gen.ts from the folder. Do not edit.
import { align } from "./align";
import { bert } from "./bert";
import { blip2 } from "./blip-2";
import { blip } from "./blip";
import { clip } from "./clip";
import { convnext } from "./convnext";
import { dinov2 } from "./dinov2";
import { gpt2 } from "./gpt2";
import { llama } from "./llama";
import { llava } from "./llava";
import { mistral } from "./mistral";
import { opt } from "./opt";
import { phi3 } from "./phi3";
import { qwen2 } from "./qwen2";
import { resnet } from "./resnet";
import { siglip } from "./siglip";
import { vilt } from "./vilt";
import { vitMae } from "./vit-mae";
import { vit } from "./vit";

export const families = [align, bert, blip2, blip, clip, convnext, dinov2, gpt2, llama, llava, mistral, opt, phi3, qwen2, resnet, siglip, vilt, vitMae, vit];
