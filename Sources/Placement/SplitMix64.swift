/// Steele, Lea and Flood's SplitMix64: small, fast, and the same sequence for one seed on every machine.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number of `0..<bound`. Its bias is below one in 2^40 for the bounds used here, and unlike the standard
    /// library's own it is defined not to change between releases.
    package mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number from 0 to below 1, in steps of 2^-53.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// One of `choices`, each as likely as its weight.
    mutating func pick<Choice>(_ choices: [(weight: Int, choice: Choice)]) -> Choice {
        var ticket = below(choices.reduce(0) { $0 + $1.weight })
        for (weight, choice) in choices {
            if ticket < weight { return choice }
            ticket -= weight
        }
        preconditionFailure("a ticket is below the sum of the weights")
    }

    /// Fisher and Yates's shuffle, by `below`.
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for index in elements.indices.dropFirst().reversed() {
            elements.swapAt(index, below(index + 1))
        }
    }
}
