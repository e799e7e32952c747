/// Saturating arithmetic: it clamps to the least or greatest number instead of trapping. For numbers from outside, or
/// from a file that may be damaged. Costs one comparison more than trapping arithmetic.
extension Int64 {
    @inlinable
    public func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        // Only numbers of the same sign overflow.
        return overflow ? (self < 0 ? .min : .max) : sum
    }

    @inlinable
    public func saturatingSubtract(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        // Only numbers of different signs overflow.
        return overflow ? (self < 0 ? .min : .max) : difference
    }

    @inlinable
    public func saturatingMultiply(_ other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
