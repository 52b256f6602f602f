import type { Metadata } from "next";
import { headers } from "next/headers";
import { ThemeProvider } from "next-themes";
import type { ReactNode } from "react";
import { OpenAnywhere } from "./_open/open-anywhere";
import { Providers } from "./_trpc/client";
import { Toasts } from "./_ui/toasts";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Patchbay", template: "%s · Patchbay" },
  description: "A visual studio for multimodal models.",
};

export default async function Layout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get("x-nonce") ?? undefined;
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <ThemeProvider attribute="class" defaultTheme="system" enableSystem nonce={nonce}>
          <Providers>
            {children}
            <OpenAnywhere />
          </Providers>
          <Toasts />
        </ThemeProvider>
      </body>
    </html>
  );
}
