-- KEYS: stream, vote count. ARGV: the last recorded entry.
-- Returns the number of votes after it and the age of the oldest entry in milliseconds.
--
-- Every entry says how many votes of the partition stand before it, so one entry is looked at, however long the backlog is.

local entry = call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', 1)[1]
if not entry then return { 0, 0 } end

local fields, before = entry[2], nil
for n = 1, #fields, 2 do
  if fields[n] == 'n' then before = tonumber(fields[n + 1]) end
end
local count = tonumber(call('GET', KEYS[2]) or 0)
local appendedAt = tonumber(string.match(entry[1], '^%d+'))
return { math.max(0, count - (before or count)), math.max(0, nowMs() - appendedAt) }
