import { styleText } from 'node:util'
import type { FinalResult } from '../../contract/messages.ts'
import { isNotValid, readSignedResult, verifySignedResult } from '../application/verify-result.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { printable } from '../terminal/printable.ts'
import { explainStart } from './explain-start.ts'
import { findKeys } from './verify-keys.ts'
import { readGiven } from './read-given.ts'
import { readVerifyOptions, usage, type VerifyOptions } from './verify-options.ts'
import { describeLedger, describeResult } from './verify-report.ts'

/** What the shell is told; 1 only where something was looked at and is not what was signed. */
const exitCodes = { notValid: 1, notChecked: 2 }

/**
 * Says whether a file is a signed final result: `npm run verify`. Needs nothing but Node; a database only where the ledger is compared.
 */
async function main(): Promise<void> {
  const asked = readVerifyOptions(process.argv.slice(2))
  if (asked === null) return console.log(usage)
  if (typeof asked === 'string') {
    process.exitCode = exitCodes.notChecked
    return console.error(`${asked}\n\n${usage}`)
  }
  const signed = readSignedResult(await readGiven(asked.file))
  if (isNotValid(signed)) return refuse(signed.why)
  const { keys, from } = await findKeys(asked.keys, signed.result.issuer)
  const key = verifySignedResult(signed, keys)
  if (isNotValid(key)) return refuse(`${key.why} (held against the keys of ${from})`)
  console.log(styleText('green', `VALID: signed with key ${key.id} of ${printable(from)}`))
  console.log(`\n${describeResult(signed.result)}`)
  await compareLedger(asked, signed.result)
}

function refuse(why: string): void {
  process.exitCode = exitCodes.notValid
  console.log(styleText('red', `NOT VALID: ${printable(why)}.`))
}

async function compareLedger({ isLedgerCompared }: VerifyOptions, result: FinalResult): Promise<void> {
  if (!isLedgerCompared) return
  // Only here: whoever checks a signature shall need no package.
  const { digestRound } = await import('./verify-ledger.ts')
  const found = await digestRound(result.poll_id, result.round)
  const isSame = found?.digest === result.ledger.digest
  if (!isSame) process.exitCode = exitCodes.notValid
  console.log(styleText(isSame ? 'green' : 'red', `\n${describeLedger(result, found)}`))
}

await main().catch((fault: unknown) => {
  process.exitCode ??= exitCodes.notChecked
  const explained = explainStart(fault)
  console.error(
    explained instanceof SetupProblem
      ? `It could not be checked: ${explained.message}\nWhat to do: ${explained.remedy}`
      : explained,
  )
})
