import "swagger-ui-dist/swagger-ui.css";
import { isId } from "../_ui/is-id";
import { ApiDocs } from "./api-docs";

export const metadata = { title: "API" };

/** The HTTP API to read and try: all of it, or with `?graph=ID` that of one graph. */
export default async function Page({ searchParams }: { searchParams: Promise<{ graph?: string }> }) {
  const { graph = "" } = await searchParams;
  return <ApiDocs graph={isId(graph) ? graph : undefined} />;
}
