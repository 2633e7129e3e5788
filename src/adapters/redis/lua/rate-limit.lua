-- KEYS: rates, each once. ARGV: for each of them what is added and how far ahead it may come to lie, in microseconds.
-- Returns for each how long it takes until it is fresh again, in microseconds.
--
-- GCRA: a rate is the moment at which it is fresh. It expires then, since a rate that is not there is fresh.

local time = call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local ahead = {}
for n, key in ipairs(KEYS) do
  local before = math.max(0, tonumber(call('GET', key) or 0) - now)
  ahead[n] = math.min(before + tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n]))
  call('SET', key, string.format('%.0f', now + ahead[n]), 'PX', math.max(1, math.ceil(ahead[n] / 1000)))
end
return ahead
