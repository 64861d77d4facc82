-- Deletes an account and all that is its own. What is left is the id: its watchers are '[]' for ever, by which appends (append.lua),
-- logins (open-session.lua) and registrations (create-account.lua) know. Of a group or of others they never are.
--
-- KEYS  account, watchers, then all else that is the user's own (src/store/redis/keys.ts)
-- ARGV  '1' if the deletion has settled (else '0')
-- Gives the watchers of before, or nil if there were none.
--
-- The name stays in the hash of the account, as `deleted`, until it is free (RedisDeletions).

local call = redis.call
local account, watchers = KEYS[1], KEYS[2]
local name = call('HGET', account, 'name') or call('HGET', account, 'deleted')
local before = call('GET', watchers)
call('SET', watchers, '[]')
for at = 1, #KEYS do
  if at ~= 2 then call('DEL', KEYS[at]) end
end
if name and ARGV[1] == '0' then call('HSET', account, 'deleted', name) end
return before
