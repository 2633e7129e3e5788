import { expect, test } from 'vitest'
import { createManageToken } from '../../src/application/authorize.ts'
import { readPasted } from '../../web/manage/read-pasted.ts'

const token = createManageToken()

test.each([
  ['the token', token],
  ['the link', `https://polls.example.org/p/mine12/manage#manage=${token}`],
  ['the link to the big screen', `http://localhost:8000/p/mine12/present?overlay#manage=${token}`],
  ['the end of the link', `#manage=${token}`],
  ['with spaces around', `  /p/mine12#manage=${token}\n`],
])('what is pasted shows its token: %s', (_what, text) => {
  expect(readPasted(text, 'mine12')).toEqual({ token })
})

test.each([
  ['nothing', ' ', 'empty'],
  ['the link of another poll', `https://polls.example.org/p/other1/manage#manage=${token}`, 'other_poll'],
  ['a link without a token', 'https://polls.example.org/p/mine12', 'unreadable'],
  ['a sentence', 'Please let me in', 'unreadable'],
  ['what no header can carry', 'mt_äöü', 'unreadable'],
])('what shows no token of this poll is told apart: %s', (_what, text, problem) => {
  expect(readPasted(text, 'mine12')).toEqual({ problem })
})
