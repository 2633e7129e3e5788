import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

export type ScriptArgument = string | number | Buffer

/** Runs a script and returns its answer with every string as the bytes that Redis sent. */
export type Script = (redis: Redis, keys: readonly string[], parameters: readonly ScriptArgument[]) => Promise<unknown>

/**
 * Reads a script from `lua/`, with what all scripts share in front of it. It is called by its hash; a server that does
 * not know it (new, restarted, flushed) gets the text once.
 */
export function loadScript(name: string): Script {
  const text = readLua('shared') + readLua(name)
  const hash = createHash('sha1').update(text).digest('hex')
  return async (redis, keys, parameters) => {
    const rest = [keys.length, ...keys, ...parameters]
    try {
      return await redis.callBuffer('EVALSHA', [hash, ...rest])
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      // The script did not run, so nothing is done twice.
      return redis.callBuffer('EVAL', [text, ...rest])
    }
  }
}

function readLua(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
}
