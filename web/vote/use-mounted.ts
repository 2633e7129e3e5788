import { useEffect, useState } from 'preact/hooks'

/** False while the page is as the server has drawn it, where nobody knows the reader's clock and place. */
export function useMounted(): boolean {
  const [isMounted, setIsMounted] = useState(false)
  useEffect(() => setIsMounted(true), [])
  return isMounted
}
