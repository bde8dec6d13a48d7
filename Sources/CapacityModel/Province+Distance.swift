extension Province {
    /// Roughly how far the capitals of two provinces are apart, in kilometres; `nil` where GB/T 2260 lacks one of the codes.
    ///
    /// The straight line through the Earth, which over the width of the country is two parts in a hundred short of the
    /// great circle and in the same order. Computed from whole numbers and one square root, which IEEE 754 rounds
    /// the same everywhere, so that a plan does not depend on a machine's sines.
    package static func distanceKm(from one: String, to other: String) -> Int? {
        guard let one = seats[one], let other = seats[other] else { return nil }
        let (x, y, z) = (one.0 - other.0, one.1 - other.1, one.2 - other.2)
        return Int(Double(x * x + y * y + z * z).squareRoot().rounded())
    }

    /// Where the seat of each province's government lies: kilometres from the Earth's centre towards 0° N 0° E, 0° N 90° E
    /// and the north pole, on a sphere of 6,371 km, from its latitude and longitude to a hundredth of a degree.
    private static let seats: [String: (Int, Int, Int)] = [
        "11": (-2174, 4378, 4087), "12": (-2259, 4396, 4021), "13": (-2082, 4566, 3926), "14": (-1929, 4645, 3911),
        "15": (-1786, 4477, 4166), "21": (-2617, 3964, 4246), "22": (-2658, 3751, 4411), "23": (-2644, 3569, 4567),
        "31": (-2844, 4647, 3303), "32": (-2601, 4732, 3382), "33": (-2764, 4757, 3211), "34": (-2477, 4814, 3359),
        "35": (-2801, 4991, 2800), "36": (-2438, 5030, 3058), "37": (-2330, 4549, 3803), "41": (-2098, 4796, 3631),
        "42": (-2258, 4998, 3242), "43": (-2188, 5169, 3014), "44": (-2314, 5383, 2503), "45": (-1851, 5573, 2471),
        "46": (-2080, 5612, 2183), "50": (-1579, 5312, 3143), "51": (-1334, 5321, 3240), "52": (-1630, 5456, 2858),
        "53": (-1270, 5631, 2697), "54": (-110, 5536, 3152), "61": (-1707, 4976, 3594), "62": (-1231, 5001, 3750),
        "63": (-1044, 5006, 3800), "64": (-1394, 4788, 3965), "65": (191, 4592, 4412), "71": (-3022, 4918, 2696),
        "81": (-2413, 5377, 2420), "82": (-2356, 5408, 2407),
    ]
}
