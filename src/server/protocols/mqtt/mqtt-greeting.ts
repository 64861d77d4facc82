/** What the CONNACK of MQTT 5 says of the server (section 3.2.2.3). */
import { limits } from '../../../base/limits.ts';
import type { Packet } from '../../../codec/mqtt/packets.ts';
import type { MqttConnect } from './mqtt-connect.ts';

type Properties = NonNullable<Extract<Packet, { cmd: 'connack' }>['properties']>;

/** `isOpen`: topics beside cim/ are open. */
export function connackProperties(
  { clientId, isAssigned }: MqttConnect,
  isOpen: boolean,
): Properties {
  return {
    ...(isAssigned && { assignedClientIdentifier: clientId }),
    receiveMaximum: limits.mqttInFlightMax,
    // Without its header, which this bound leaves out, it is a little less.
    maximumPacketSize: limits.frameBytesMax,
    topicAliasMaximum: limits.mqttAliasesMax,
    retainAvailable: isOpen,
    wildcardSubscriptionAvailable: isOpen,
    sharedSubscriptionAvailable: false,
    subscriptionIdentifiersAvailable: true,
  };
}
