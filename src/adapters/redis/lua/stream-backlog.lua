-- KEYS: stream, vote count. ARGV: the last recorded entry.
-- Returns the number of votes after it, and of the oldest entry the age in milliseconds and the format version as it is written.
--
-- Every entry says how many votes of the partition stand before it, so one entry is looked at, however long the backlog is.

local entry = call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', 1)[1]
if not entry then return { 0, 0, '' } end

local format = ''
for n = 1, #entry[2], 2 do
  if entry[2][n] == 'f' then format = entry[2][n + 1] end
end
local count = tonumber(call('GET', KEYS[2]) or 0)
local appendedAt = tonumber(string.match(entry[1], '^%d+'))
return { math.max(0, count - (votesBefore(entry) or count)), math.max(0, nowMs() - appendedAt), format }
