import { toString as drawQrCode } from 'qrcode'
import type { Config } from '../runtime/config.ts'
import { lanUrlOf, ownHost } from '../runtime/lan-url.ts'
import { readSamplePoll, rememberSamplePoll, type SamplePoll } from './owner-files.ts'

const requestWithinMs = 10_000

/** What a person sees who has just started Tallycast: where to vote, where to manage, where things lie. */
export async function welcome(config: Config, adminTokenPlace: string, storage: string): Promise<string> {
  const local = `http://${ownName(config.host)}:${config.port}`
  const lan = lanUrlOf(config)
  const publicBase = config.publicUrl ?? lan ?? local
  const poll = await provideSamplePoll(config)
  const votePage = `${publicBase.replace(/\/$/, '')}/p/${poll.pollId}`
  const lines = [
    '',
    '  Tallycast is running.',
    '',
    `  On this machine    ${local}/p/${poll.pollId}`,
    ...(lan === null ? [] : [`  On your network    ${lan}/p/${poll.pollId}`]),
    ...(config.publicUrl === null ? [] : [`  Public             ${votePage}`]),
    '',
    '  Scan to vote in the sample poll:',
    '',
    indent(await drawQrCode(votePage, { type: 'utf8', errorCorrectionLevel: 'M' })),
    `  Make a poll        ${local}/`,
    `  Manage this poll   ${local}/p/${poll.pollId}/manage#manage=${poll.manageToken}`,
    `  API, try it out    ${local}/docs`,
    `  Data               ${storage}`,
    `  Admin token        ${adminTokenPlace}`,
    '',
    '  Ctrl-C stops it; the data stays.',
    '',
  ]
  return lines.join('\n')
}

/** What people type on this machine. */
function ownName(host: string): string {
  const own = ownHost(host)
  return own === '127.0.0.1' || own === '[::1]' ? 'localhost' : own
}

/** Made once per data folder, by the same call that anybody else would make. A sample that was deleted stays deleted. */
async function provideSamplePoll(config: Config): Promise<SamplePoll> {
  const known = await readSamplePoll(config.dataDir)
  if (known !== null) return known
  const response = await fetch(`http://${ownHost(config.host)}:${config.port}/polls`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorizationOf(config) },
    body: JSON.stringify({
      question: 'What should we drink at the launch?',
      options: ['Tea', 'Coffee', 'Water', 'Something stronger'],
      allow_vote_change: true,
    }),
    signal: AbortSignal.timeout(requestWithinMs),
  })
  if (response.status !== 201)
    throw new Error(`the sample poll was refused: ${response.status} ${await response.text()}`)
  // The cast names the two fields of the documented answer that are used.
  const { id, manage_token } = (await response.json()) as { readonly id: string; readonly manage_token: string }
  const poll = { pollId: id, manageToken: manage_token }
  await rememberSamplePoll(config.dataDir, poll)
  return poll
}

/** Where not everybody may create polls, whoever starts the service may. */
function authorizationOf({ pollCreation, adminToken }: Config): { readonly authorization?: string } {
  return pollCreation === 'key' && adminToken !== null ? { authorization: `Bearer ${adminToken}` } : {}
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}
