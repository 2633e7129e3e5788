-- KEYS: stream, vote count, recorded count. ARGV: the last recorded entry.
--
-- The first entry after it says how many votes stand before it: those are recorded. Without one, all are.

local count = tonumber(call('GET', KEYS[2]) or 0)
local told = tonumber(call('GET', KEYS[3]) or -1)
local entry = call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', 1)[1]
local recorded = count
if entry then recorded = votesBefore(entry) end
-- Never back: an owner that was replaced may say late what was so long ago. More than were ever counted means that the count
-- was lost without this; then it starts over too.
if recorded and (recorded > told or told > count) then call('SET', KEYS[3], recorded) end
