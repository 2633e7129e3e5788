import { join } from 'node:path'
import { defineConfig } from 'vite'

/** The package's code: one file, for browsers and Node >= 20. Its types are tsc's. */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  build: {
    lib: { entry: join(import.meta.dirname, 'src/index.ts'), formats: ['es'], fileName: 'index' },
    target: 'es2022',
    minify: true,
  },
})
