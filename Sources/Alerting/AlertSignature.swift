import Cryptography
public import Vocabulary

/// The field that proves to a receiver who sent an alert and when: `tollgate-signature: t=UNIX,v1=HEX`.
///
/// HEX is the HMAC-SHA256 (RFC 2104) of `UNIX.BODY` under the shared secret, in lower-case hexadecimal. A receiver
/// refuses a time that is more than some minutes from its own, so that an old message cannot be sent again.
public enum AlertSignature {
    /// The value of the field.
    public static func value(of body: [UInt8], secret: [UInt8], at moment: Timestamp) -> String {
        let time = String(moment.wholeSeconds)
        let code = MessageAuthentication.sha256(of: Array("\(time).".utf8) + body, key: secret)
        return "t=\(time),v1=\(code)"
    }
}
