/** What the CONNACK of MQTT 5 says of the server (section 3.2.2.3). */
import { limits } from '../../../base/limits.ts';
import type { Packet } from '../../../codec/mqtt/packets.ts';
import type { MqttConnect } from './mqtt-connect.ts';

type Properties = NonNullable<Extract<Packet, { cmd: 'connack' }>['properties']>;

export function connackProperties({ clientId, isAssigned }: MqttConnect): Properties {
  return {
    ...(isAssigned && { assignedClientIdentifier: clientId }),
    receiveMaximum: limits.mqttInFlightMax,
    // Without its header, which this bound leaves out, it is a little less.
    maximumPacketSize: limits.frameBytesMax,
    topicAliasMaximum: limits.mqttAliasesMax,
    retainAvailable: false,
    wildcardSubscriptionAvailable: false,
    sharedSubscriptionAvailable: false,
    subscriptionIdentifiersAvailable: true,
  };
}
