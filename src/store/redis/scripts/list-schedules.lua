-- Lists the schedules of one owner that wait.
--
-- KEYS  payloads, plan
-- ARGV  owner
-- Gives {id, due, payload} of each, in the order in which they are due.

local replies = {}
local plan = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for at = 1, #plan, 2 do
  local payload = redis.call('HGET', KEYS[1], ARGV[1] .. '.' .. plan[at])
  replies[#replies + 1] = { plan[at], plan[at + 1], payload }
end
return replies
