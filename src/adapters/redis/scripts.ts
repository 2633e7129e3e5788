import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { onServerOf, type Patience, type Servers } from './servers.ts'

export type ScriptArgument = string | number | Buffer

/** What is done each time that a script is sent: `ahead` may throw, and then it is not; `behind` on the connection that it went over. */
type AroundScript = {
  readonly ahead?: (() => void) | undefined
  readonly behind?: ((redis: Redis) => Promise<void>) | undefined
  readonly patience?: Patience
}

/** Runs a script on the server that has its keys, and returns its answer with every string as the bytes that Redis sent. */
export type Script = (
  servers: Servers,
  keys: readonly string[],
  parameters: readonly ScriptArgument[],
  around?: AroundScript,
) => Promise<unknown>

/**
 * Reads a script from `lua/`, with what all scripts share in front of it. It is called by its hash; a server that does
 * not know it (new, restarted, flushed) gets the text once.
 */
export function loadScript(name: string): Script {
  const text = readLua('shared') + readLua(name)
  const hash = createHash('sha1').update(text).digest('hex')
  return (servers, keys, parameters, { ahead, behind, patience } = {}) => {
    const rest = [keys.length, ...keys, ...parameters]
    const run = async (redis: Redis, ask: () => void): Promise<unknown> => {
      try {
        return await redis.callBuffer('EVALSHA', [hash, ...rest])
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        // The script did not run, so nothing is done twice.
        ask()
        return redis.callBuffer('EVAL', [text, ...rest])
      }
    }
    // Every script has a key.
    const work = async (redis: Redis, ask: () => void): Promise<unknown> => {
      ahead?.()
      const reply = await run(redis, ask)
      await behind?.(redis)
      return reply
    }
    return onServerOf(servers, keys[0]!, work, patience)
  }
}

function readLua(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
}
