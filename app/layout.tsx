import type { Metadata } from "next";
import { ThemeProvider } from "next-themes";
import type { ReactNode } from "react";
import { Toaster } from "sonner";
import { OpenAnywhere } from "./_open/open-anywhere";
import { Providers } from "./_trpc/client";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Patchbay", template: "%s · Patchbay" },
  description: "A visual studio for multimodal models.",
};

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <ThemeProvider attribute="class" defaultTheme="system" enableSystem>
          <Providers>
            {children}
            <OpenAnywhere />
          </Providers>
          <Toaster
            position="bottom-center"
            toastOptions={{
              style: { background: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line-strong)" },
            }}
          />
        </ThemeProvider>
      </body>
    </html>
  );
}
