import { join } from 'node:path'
import { defineConfig } from 'vite'

/** The command line as one file for Node >= 20: nothing has to be installed with it. */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  build: { ssr: join(import.meta.dirname, 'src/main.ts'), target: 'node20', minify: false },
  ssr: { noExternal: true },
})
