-- Forgets schedules that were sent, and remembers their ids for a while.
--
-- KEYS  per schedule: due, payloads, plan, sent
-- ARGV  how long to remember, in ms, then per schedule: member, id
-- Gives 1 per schedule.

local replies = {}
for item = 1, #KEYS / 4 do
  local due, payloads, plan, sent = unpack(KEYS, item * 4 - 3, item * 4)
  local member, id = ARGV[item * 2], ARGV[item * 2 + 1]
  -- Only what existed: otherwise a stranger's guess would occupy an id. What was cancelled stays so.
  if redis.call('ZREM', due, member) == 1 then
    redis.call('ZREM', plan, id)
    redis.call('HDEL', payloads, member)
    redis.call('SET', sent, 'sent', 'PX', ARGV[1])
  end
  replies[item] = 1
end
return replies
