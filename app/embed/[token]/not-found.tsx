// biome-ignore lint/performance/noBarrelFile: a link that is closed is told of in the same words everywhere
export { default } from "../../s/[token]/not-found";
