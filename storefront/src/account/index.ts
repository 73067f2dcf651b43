export { AccountPage } from "./AccountPage";
export { AddressesPage } from "./AddressesPage";
export { FavouritesPage } from "./FavouritesPage";
export { ForgotPasswordPage, ResetPasswordPage, VerifyEmailPage } from "./LinkPages";
export { OrdersPage } from "./OrdersPage";
export { ProfilePage } from "./ProfilePage";
