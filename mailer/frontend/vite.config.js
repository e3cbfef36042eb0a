// One build for every page: `app` for people who sign in, `composer` where they write a design, `public` for subscribers.
// Its manifest is read by mailer/web/assets.py; nothing of the output is committed.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { iconSprite } from "./icons.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "/static/dist/",
  plugins: [iconSprite(here("./icons.txt"), here("./node_modules/@tabler/icons/icons/outline"))],
  build: {
    outDir: here("../static/dist"),
    emptyOutDir: true,
    manifest: "manifest.json",
    // Nothing is inlined as data: URIs, so the content security policy need not allow them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ["chrome123", "firefox120", "safari17.5"],
    rollupOptions: {
      input: { app: here("./app.js"), composer: here("./composer.js"), public: here("./css/public.css") },
    },
    chunkSizeWarningLimit: 700,
  },
});
