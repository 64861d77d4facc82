-- Notes when a user was last seen, of those who show it (show-last-seen.lua).
local function seen(account)
  if redis.call('HEXISTS', account, 'last-seen') == 1 then redis.call('HSET', account, 'last-seen', string.format('%d', nowMs)) end
end
