-- How many files there are, and who has most.
--
-- KEYS  bytes of all, owners, expiry, unfinished
-- ARGV  owners that are named
-- Gives {files, bytes, bytes of unfinished ones, owner, bytes, bytes of unfinished ones, …}, those with most first.

local call = redis.call
local all, owners, expiry, unfinished = unpack(KEYS)
local open = function(whose) return tonumber(call('ZSCORE', unfinished, whose) or 0) end
local counts = { call('ZCARD', expiry), tonumber(call('GET', all) or 0), open('all') }
local most = call('ZRANGE', owners, 0, ARGV[1] - 1, 'REV', 'WITHSCORES')
for at = 1, #most, 2 do
  local owner = most[at]
  for _, value in ipairs({ owner, most[at + 1], open(owner) }) do
    counts[#counts + 1] = value
  end
end
return counts
