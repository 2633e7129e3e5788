-- KEYS: stream. ARGV: entry ids. Returns those that are not there.

local missing = {}
for _, id in ipairs(ARGV) do
  if #call('XRANGE', KEYS[1], id, id) == 0 then missing[#missing + 1] = id end
end
return missing
