#!/usr/bin/env node
// Plain JavaScript that is always there: npm links only a command whose file it finds, and it links before it builds.
try {
  await import('../dist/main.js')
} catch (fault) {
  if (fault.code !== 'ERR_MODULE_NOT_FOUND') throw fault
  console.error('tallycast: The command line is not built yet. In the folder of the installation: npm run build')
  process.exitCode = 1
}
