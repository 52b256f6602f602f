"use client";

import { useTheme } from "next-themes";
import { useEffect, useRef } from "react";
import { pathHere } from "../_ui/path-here";

type SwaggerUi = (options: { url: string; domNode: Element | null; validatorUrl: null; deepLinking: boolean }) => void;

/** Swagger UI on the API's own document. Loaded on this page alone, from here. */
export function ApiDocs({ graph }: { graph?: string }) {
  const place = useRef<HTMLDivElement>(null);
  const { resolvedTheme } = useTheme();
  useEffect(() => {
    const url = graph ? `/api/v1/graphs/${graph}/openapi.json` : "/api/v1/openapi.json";
    void import("swagger-ui-dist/swagger-ui-es-bundle").then(({ default: swagger }) => {
      (swagger as SwaggerUi)({ url: pathHere(url), domNode: place.current, validatorUrl: null, deepLinking: true });
    });
  }, [graph]);
  // Its styles are dark below this class of the page.
  useEffect(() => {
    const { classList } = document.documentElement;
    classList.toggle("dark-mode", resolvedTheme === "dark");
    return () => classList.remove("dark-mode");
  }, [resolvedTheme]);
  return <main ref={place} className="min-h-screen bg-white dark:bg-transparent" />;
}
