/// The bytes that hexadecimal digits stand for.
func bytes(_ digits: String) -> [UInt8] {
    let values = digits.map { UInt8($0.hexDigitValue!) }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
}
