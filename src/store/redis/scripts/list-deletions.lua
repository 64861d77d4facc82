-- Lists deletions that have not settled, or are to be finished for good.
--
-- KEYS  deletions
-- ARGV  how many
-- Gives {user id, 1 if it has settled, else 0, …}, those that began first come first.

-- include time.lua
local found = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES')
local replies = {}
for at = 1, #found, 2 do
  replies[at], replies[at + 1] = found[at], tonumber(found[at + 1]) <= nowMs and 1 or 0
end
return replies
