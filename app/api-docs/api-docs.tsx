"use client";

import { useEffect, useRef } from "react";
import { pathHere } from "../_ui/path-here";

type SwaggerUi = (options: { url: string; domNode: Element | null; validatorUrl: null; deepLinking: boolean }) => void;

/** Swagger UI on the API's own document. Loaded on this page alone, from here. */
export function ApiDocs({ graph }: { graph?: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const url = graph ? `/api/v1/graphs/${graph}/openapi.json` : "/api/v1/openapi.json";
    void import("swagger-ui-dist/swagger-ui-es-bundle").then(({ default: swagger }) => {
      (swagger as SwaggerUi)({ url: pathHere(url), domNode: place.current, validatorUrl: null, deepLinking: true });
    });
  }, [graph]);
  // Its styles know light colours alone.
  return <main ref={place} className="min-h-screen bg-white text-black" style={{ colorScheme: "light" }} />;
}
