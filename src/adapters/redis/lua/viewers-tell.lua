-- KEYS: the numbers of a process by poll, and when those of each process cease to count. ARGV: the process, how long its numbers count, and polls and
-- numbers by turns. Returns 1 where numbers of the process were kept.
--
-- Its numbers go all at once, with their key; so there is one even where nobody watches.

local now = nowMs()
local kept = call('EXISTS', KEYS[1])
call('HSET', KEYS[1], '', 0)
for n = 3, #ARGV, 2 do
  if ARGV[n + 1] == '0' then
    call('HDEL', KEYS[1], ARGV[n])
  else
    call('HSET', KEYS[1], ARGV[n], ARGV[n + 1])
  end
end
call('PEXPIRE', KEYS[1], ARGV[2])
call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
call('ZADD', KEYS[2], now + tonumber(ARGV[2]), ARGV[1])
-- Nobody's numbers count for longer than those of whoever told last.
call('PEXPIRE', KEYS[2], ARGV[2])
return kept
