-- What an owner, and all, have of unfinished files becomes more, or fewer (`bytes` below 0).
local function countUnfinished(unfinished, owner, bytes)
  local call = redis.call
  for _, whose in ipairs({ owner, 'all' }) do
    local now = tonumber(call('ZSCORE', unfinished, whose) or 0) + tonumber(bytes)
    if now > 0 then call('ZADD', unfinished, now, whose) else call('ZREM', unfinished, whose) end
  end
end
