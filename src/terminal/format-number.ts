/** 12345 as 12,345. */
export function formatNumber(number: number): string {
  return Math.round(number).toLocaleString('en-GB')
}

export function formatVotes(votes: number): string {
  return `${formatNumber(votes)} ${votes === 1 ? 'vote' : 'votes'}`
}
