import { join } from 'node:path'
import { defineConfig } from 'vite'
import { compress } from '../compress.ts'

/**
 * `/embed.js`: all that a page of others needs, in one classic script. Built after the pages, beside whose files it lies in a folder of its own: its name
 * never changes, so nobody may keep it for good.
 */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  plugins: [compress()],
  build: {
    outDir: join(import.meta.dirname, '../dist/embed'),
    emptyOutDir: true,
    target: 'es2022',
    lib: {
      entry: join(import.meta.dirname, 'main.tsx'),
      formats: ['iife'],
      name: 'tallycast',
      fileName: () => 'embed.js',
    },
  },
})
